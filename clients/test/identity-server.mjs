// An identity provider: oidc-provider, with its pages for development, on which any login and password are accepted. It writes the settings of
// a server that uses it into the file that is its argument.
import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [file] = process.argv.slice(2);
const REDIRECT_URI = "https://app.example.com/sign-in/provider";
const CLIENT = { client_id: "staygate", client_secret: "a secret of the tests: %+/=" };

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [REDIRECT_URI] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    pkce: { required: () => true },
    cookies: { keys: ["a key of the tests"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: !id.startsWith("unverified"), name: "Paula Provider" }),
    }),
  });
  server.on("request", provider.callback());
  const { client_id: clientId, client_secret: clientSecret } = CLIENT;
  const settings = { redirectUris: [REDIRECT_URI], providers: [{ id: "test", name: "Test ID", issuer, clientId, clientSecret }] };
  // Renamed, so that it is whole where it is seen.
  writeFileSync(`${file}.new`, JSON.stringify(settings));
  renameSync(`${file}.new`, file);
});
