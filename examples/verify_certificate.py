"""Verifies the certificate of a result offline: python3 verify_certificate.py CERTIFICATE JWKS

Needs nothing but Python: the signature is checked by RFC 8032, section 5.1.7. JWKS is the file that the service answers at
/.well-known/jwks.json, saved beside the certificate.
"""
import base64, hashlib, json, sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def point(data):
    y, sign = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        sys.exit("not genuine: no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, p):
    found = (0, 1, 1, 0)
    while number:
        found, p, number = add(found, p) if number & 1 else found, add(p, p), number >> 1
    return found


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


text = open(sys.argv[1], encoding="ascii").read().strip()
header, payload, signature = text.split(".")
head, signed, signature = json.loads(decoded(header)), f"{header}.{payload}".encode(), decoded(signature)
if (head.get("alg"), head.get("typ")) != ("EdDSA", "result-certificate+jwt") or set(head) != {"alg", "kid", "typ"}:
    sys.exit("not genuine: this is no certificate of a result")
keys = [key for key in json.load(open(sys.argv[2]))["keys"] if key["kid"] == head["kid"] and key.get("crv") == "Ed25519"]
if len(keys) != 1:
    sys.exit(f"not genuine: the key set has no key {head['kid']}")
public, s = decoded(keys[0]["x"]), int.from_bytes(signature[32:], "little")
k = int.from_bytes(hashlib.sha512(signature[:32] + public + signed).digest(), "little") % L
one = times(s, point((4 * pow(5, -1, P) % P).to_bytes(32, "little")))
other = add(point(signature[:32]), times(k, point(public)))
if len(signature) != 64 or s >= L or (one[0] * other[2] - other[0] * one[2]) % P or (one[1] * other[2] - other[1] * one[2]) % P:
    sys.exit("not genuine: the signature is wrong")
stated = json.loads(decoded(payload))
print(f"genuine: {stated['organization']['name']}, {stated['period']['title']}, notice {stated['notice']['number']}")
for row in stated["ranking"]["rows"]:
    print(row["rank"], row["unit_code"], row["total"], row["award_code"])
