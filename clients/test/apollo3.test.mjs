import * as recipe from "../recipes/apollo3.mjs";
import { triesApollo } from "./apollo.mjs";

triesApollo("Apollo Client 3", recipe);
