// A guest's trips with Relay: a refetchable pagination fragment on the viewer.
import { createElement } from "react";
import { graphql, useLazyLoadQuery, usePaginationFragment } from "react-relay";

export function Trips({ pageSize }) {
  const data = useLazyLoadQuery(
    graphql`
      query TripsQuery($count: Int!) {
        me {
          id
          email
          ...Trips_me @arguments(count: $count)
        }
      }
    `,
    { count: pageSize },
  );
  return data.me ? createElement(List, { me: data.me }) : "signed out";
}

function List({ me }) {
  const { data, hasNext, loadNext, refetch } = usePaginationFragment(
    graphql`
      fragment Trips_me on Me
      @refetchable(queryName: "TripsPaginationQuery")
      @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "Cursor" }) {
        id
        trips(first: $count, after: $cursor) @connection(key: "Trips_me_trips") {
          edges {
            node {
              id
              status
              listing { id title host { id displayName } }
            }
          }
        }
      }
    `,
    me,
  );
  return createElement("ul", { hasNext, loadNext, refetch }, ...data.trips.edges.map(({ node }) => createElement("li", { key: node.id }, node.id)));
}
