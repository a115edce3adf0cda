import * as recipe from "../recipes/apollo4.mjs";
import { triesApollo } from "./apollo.mjs";

triesApollo("Apollo Client 4", recipe);
