import * as recipe from "../recipes/apollo3.mjs";
import { testApollo } from "./apollo.mjs";

testApollo("Apollo Client 3", recipe);
