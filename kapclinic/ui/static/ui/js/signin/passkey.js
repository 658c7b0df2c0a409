// What the browser and a passkey say to each other; over the network binary values are base64url.

/** A passkey needs https (or localhost), and a browser that knows them. */
export const possible = () => Boolean(window.PublicKeyCredential && navigator.credentials);

const bytes = (words) => Uint8Array.from(atob(words.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

function words(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const named = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

function told(credential, names) {
  const response = Object.fromEntries(names.filter((name) => credential.response[name]).map((name) => [name, words(credential.response[name])]));
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return { id: credential.id, rawId: words(credential.rawId), type: credential.type, clientExtensionResults: credential.getClientExtensionResults(), response };
}

/** @throws {DOMException} when the person cancels, or the device has none */
export async function makePasskey(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
  return told(await navigator.credentials.create({ publicKey }), ["clientDataJSON", "attestationObject"]);
}

/** @throws {DOMException} when the person cancels, or the device has none of these */
export async function showPasskey(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) };
  return told(await navigator.credentials.get({ publicKey }), ["clientDataJSON", "authenticatorData", "signature", "userHandle"]);
}
