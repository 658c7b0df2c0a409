// Where somebody goes who has signed in, or has chosen a password.

/** Back to where they were, on this site only. */
function wanted() {
  const next = new URLSearchParams(location.search).get("next") ?? "/";
  const address = new URL(next, location.origin);
  return address.origin === location.origin && next.startsWith("/") ? address.pathname + address.search : "/";
}

export function goOn() {
  location.assign(wanted());
}

/** To a password of their own first, when somebody else set the one that they have. */
export function choosePassword() {
  location.assign(`/password?next=${encodeURIComponent(wanted())}`);
}
