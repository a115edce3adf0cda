import * as recipe from "../recipes/apollo4.mjs";
import { testApollo } from "./apollo.mjs";

testApollo("Apollo Client 4", recipe);
