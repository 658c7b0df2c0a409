// A new account, or the change of one: who it is, what they do here and where, and what stands under their signature.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { me, roleName } from "../core/me.js";
import { Field } from "../desk/parts/fields.js";
import { Form, text, Tick, Ticks, wholeIn } from "./form.js";
import { fieldName, ROLES } from "./words.js";

const PLAIN = ["email", "name", "credentials", "npi", "dea_number", "video_url"];

/** @returns {Record<string, string>} */
const LABELS = () => ({
  ...Object.fromEntries([...PLAIN, "roles", "locations", "monitor_capacity"].map((name) => [name, fieldName(name)])),
  "license/number": fieldName("license_number"),
  "license/state": fieldName("license_state"),
  password: t("First password, 12 characters or more"),
});

function licenseOf(form, row) {
  const [number, state] = [text(form, "license/number"), text(form, "license/state").toUpperCase()];
  if (number || state) return { license: { number, state } };
  return row?.license ? { license: null } : {};
}

/** @param {{row: any, places: any[], names: Map<string, string>, onDone: (row: any) => void, onClose: () => void}} props `row` is null for a new account */
export function PersonForm({ row, places, names, onDone, onClose }) {
  const labels = LABELS();
  const bodyOf = (form) => ({
    ...Object.fromEntries(PLAIN.map((name) => [name, text(form, name)])),
    ...licenseOf(form, row),
    roles: form.getAll("roles"),
    locations: form.getAll("locations"),
    monitor_capacity: wholeIn(form, "monitor_capacity"),
    kap_trained: form.has("kap_trained"),
    needs_cosign: form.has("needs_cosign"),
    ...(text(form, "password") ? { password: String(form.get("password")) } : {}),
  });
  const how = row ? { path: `staff/${row.id}/`, method: "PATCH", row } : { path: "staff/" };
  const was = row ?? { roles: [], locations: places.length === 1 ? [places[0].id] : [], monitor_capacity: 1 };
  return html`<${Form} title=${row ? t("Change {name}", { name: row.name }) : t("New account")} verb=${row ? t("Save it") : t("Open this account")} labels=${labels} bodyOf=${bodyOf} names=${names} onDone=${onDone} onClose=${onClose} wide ...${how}>
    ${(wrong) => {
      const field = (name, more) => html`<${Field} name=${name} label=${labels[name]} wrong=${wrong} defaultValue=${was[name] ?? ""} ...${more} />`;
      return html`<div class="two">
          ${field("name", { autofocus: true, maxlength: 120 })}${field("email", { type: "email", maxlength: 254, hint: t("They sign in with it") })}
        </div>
        <${Ticks} name="roles" label=${labels.roles} options=${ROLES.map((role) => [role, roleName(role)])} chosen=${was.roles} wrong=${wrong} />
        ${row?.id === me.get().id && html`<p class="small quiet">${t("A clinical role for yourself is given by a medical director, on this page.")}</p>`}
        <${Ticks} name="locations" label=${t("Locations where they work, and whose clients they see")} options=${places.map((place) => [place.id, place.name])} chosen=${was.locations} wrong=${wrong} />
        <h3>${t("For clinicians")}</h3>
        <div class="two">
          ${field("credentials", { maxlength: 40, hint: t("Such as PMHNP or LCSW: it stands under what they sign") })}${field("npi", { inputmode: "numeric", maxlength: 10, hint: t("Ten digits") })}
          ${field("license/number", { defaultValue: row?.license?.number ?? "", maxlength: 40 })}${field("license/state", { defaultValue: row?.license?.state ?? "", maxlength: 2, hint: t("Two letters") })}
          ${field("dea_number", { maxlength: 9, hint: t("Two letters and seven digits") })}${field("monitor_capacity", { inputmode: "numeric", maxlength: 2 })}
        </div>
        ${field("video_url", { type: "url", maxlength: 300, hint: t("https:// …, where {session} stands for the session's number. Empty: the location's own") })}
        <div class="row wrap"><${Tick} name="kap_trained" label=${fieldName("kap_trained")} on=${was.kap_trained} /><${Tick} name="needs_cosign" label=${fieldName("needs_cosign")} on=${was.needs_cosign} /></div>
        ${!row && field("password", { type: "password", autocomplete: "new-password", hint: t("May be set later. Without one nobody signs in with this account.") })}`;
    }}
  <//>`;
}
