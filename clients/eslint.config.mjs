// graphql-eslint's recommended and Relay rules on the contract, and its rules for operations on the examples.
import graphql from "@graphql-eslint/eslint-plugin";

const languageOptions = {
  parser: graphql.parser,
  parserOptions: { graphQLConfig: { schema: "schema.graphql", documents: "tests/operations/**/*.graphql" } },
};
const plugins = { "@graphql-eslint": graphql };
const rules = (name) => graphql.configs[name].rules ?? graphql.configs[name];

/** Types that are values: they belong to their parent. */
const VALUES = [
  "Amenity",
  "AmenityFacet",
  "AmenityUsage",
  "AnalyticsRow",
  "AuditEntry",
  "AvailableAction",
  "CalendarNight",
  "CancellationPreview",
  "CategoryRatings",
  "Consent",
  "DataExportPart",
  "Desk",
  "DeskCaseNote",
  "DeskEffect",
  "DeskRefundPart",
  "EmailChange",
  "FeatureSwitch",
  "GeoBox",
  "GeoPoint",
  "Guests",
  "Hosting",
  "InvalidField",
  "LegalDocument",
  "ListingCluster",
  "ListingClusters",
  "ListingFacets",
  "ListingHit",
  "ListingPricing",
  "LowestPrice",
  "Money",
  "NightAvailability",
  "NightConflict",
  "PageInfo",
  "PaymentCard",
  "PaymentNextAction",
  "PendingErasure",
  "Photo",
  "Place",
  "PlaceSuggestion",
  "Price",
  "PriceBucket",
  "PriceDifference",
  "PriceHistogram",
  "PriceLine",
  "PropertyTypeFacet",
  "RatingSummary",
  "RefundTier",
  "RoomTypeFacet",
  "SecondFactor",
  "SessionTokens",
  "StayDates",
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
      // Values and payloads have no ID; entities do.
      "@graphql-eslint/strict-id-in-types": ["error", { exceptions: { types: VALUES, suffixes: ["Success", "Problem", "Connection", "Edge"] } }],
      // Connections are paged forward only, which Relay allows, and have `nodes` beside `edges`.
      // Hits and events exist only in lists: they cannot be requested by ID.
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
