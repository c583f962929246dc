// An OpenID Connect provider as an agency runs one: whoever signs in as `x` is `x`. The resource that a client asks for says
// how its access tokens are signed (`urn:thidua:ES256`). `POST /rotate` puts new keys before the old ones, `POST /retire`
// leaves the new ones alone.
import { createServer } from 'node:http';
import { generateKeyPair, exportJWK } from 'jose';
import { Provider } from 'oidc-provider';

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
let issuer;
let rounds = 0;

async function fresh() {
  rounds += 1;
  const keys = ALGORITHMS.map(async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `${alg}-${rounds}` };
  });
  return Promise.all(keys);
}

function provider(keys) {
  const made = new Provider(issuer, {
    jwks: { keys },
    cookies: { keys: ['only for tests'] },
    clients: [
      {
        client_id: 'screens',
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: ['http://127.0.0.1/back'],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo(_, resource) {
          const [, audience, alg] = resource.split(':');
          return { scope: 'read', audience, accessTokenFormat: 'jwt', jwt: { sign: { alg } } };
        },
      },
    },
  });
  return made.callback();
}

let keys = await fresh();
let answer;
const server = createServer(async (request, response) => {
  if (request.method === 'POST' && ['/rotate', '/retire'].includes(request.url)) {
    const old = request.url === '/rotate' ? keys : [];
    keys = request.url === '/rotate' ? await fresh() : keys.slice(0, ALGORITHMS.length);
    answer = provider([...keys, ...old]);
    keys = [...keys, ...old];
    response.end();
  } else {
    answer(request, response);
  }
});
server.listen(0, '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  answer = provider(keys);
  console.log(issuer);
});
// Nobody reads on once the address is known.
process.stdout.on('error', () => {});
// The test closes its end when it is done, however it ends.
process.stdin.on('end', () => process.exit()).resume();
