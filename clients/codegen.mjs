// graphql-codegen with the client preset: typed documents, and a list of them by hash.
export default {
  schema: process.env.STAYGATE_URL ?? "../schema.graphql",
  documents: ["codegen/*.ts"],
  generates: {
    "codegen/__generated__/": {
      preset: "client",
      presetConfig: { persistedDocuments: true, fragmentMasking: false },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        scalars: {
          Cursor: "string",
          CurrencyCode: "string",
          Date: "string",
          DateTime: "string",
          Decimal: "string",
          Email: "string",
          IdempotencyKey: "string",
          LocalTime: "string",
          MinorUnits: "number",
          TimeZone: "string",
          Url: "string",
        },
      },
    },
  },
};
