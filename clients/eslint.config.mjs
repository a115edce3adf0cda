// graphql-eslint's recommended and Relay rules on the contract, and its rules for operations on the examples.
import graphql from "@graphql-eslint/eslint-plugin";

const languageOptions = {
  parser: graphql.parser,
  parserOptions: { graphQLConfig: { schema: "schema.graphql", documents: "tests/operations/**/*.graphql" } },
};
const plugins = { "@graphql-eslint": graphql };
const rules = (name) => graphql.configs[name].rules ?? graphql.configs[name];

/** Types that are values: they belong to what holds them. */
const VALUES = [
  "Amenity",
  "AmenityUsage",
  "AvailableAction",
  "CalendarNight",
  "CancellationPreview",
  "CategoryRatings",
  "GeoPoint",
  "Guests",
  "Hosting",
  "InvalidField",
  "ListingHit",
  "ListingPricing",
  "Money",
  "NightAvailability",
  "NightConflict",
  "PageInfo",
  "PaymentNextAction",
  "Photo",
  "Place",
  "Price",
  "PriceDifference",
  "PriceLine",
  "RatingSummary",
  "RefundTier",
  "SessionTokens",
  "StayPrice",
  "StayRules",
  "StayViolation",
  "TripDetails",
];

export default [
  {
    files: ["**/schema.graphql"],
    languageOptions,
    plugins,
    rules: {
      ...rules("flat/schema-recommended"),
      ...rules("flat/schema-relay"),
      // The contract writes descriptions on one line.
      "@graphql-eslint/description-style": ["error", { style: "inline" }],
      // Values and answers have no id of their own; things do.
      "@graphql-eslint/strict-id-in-types": ["error", { exceptions: { types: VALUES, suffixes: ["Success", "Problem", "Connection", "Edge"] } }],
      // Pages go forward, which is one of the two ways that Relay knows, and connections have `nodes` beside `edges`.
      // Hits and events are seen in lists only: they cannot be asked for by id.
      "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
    },
  },
  {
    files: ["**/operations/**/*.graphql"],
    languageOptions,
    plugins,
    rules: rules("flat/operations-recommended"),
  },
];
