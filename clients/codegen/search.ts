// A typed document: the compiler knows the type of its result.
import { graphql } from "./__generated__/index.js";
import type { ResultOf } from "@graphql-typed-document-node/core";

export const Search = graphql(`
  query Search($stay: StayInput!, $first: Int) {
    searchListings(stay: $stay, first: $first) {
      nodes {
        listing { id title coverPhoto { url } }
        price { total { minorUnits currency } }
      }
    }
  }
`);

export const Cancel = graphql(`
  mutation Cancel($input: CancelBookingInput!) {
    cancelBooking(input: $input) {
      __typename
      ... on CancelBookingSuccess { booking { id status } }
      ... on UserError { code message retryable }
    }
  }
`);

/** The total of each hit in whole units of its currency. */
export function totals(page: ResultOf<typeof Search>): [string, number][] {
  return (page.searchListings?.nodes ?? []).map(({ listing, price }) => [listing.title, price?.total.minorUnits ?? 0]);
}
