// /people: who works here, in which rooms and at which locations, and what takes two people. What is missing stands first, one thing right.
import { Icon, html, useEffect, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { has, locations, me, place } from "../core/me.js";
import { useStore } from "../core/store.js";
import { now } from "../core/time.js";
import { useAddress } from "../desk/parts/address.js";
import { Row, Stand, useRows } from "../desk/parts/pane.js";
import { kindName } from "../desk/words.js";
import { begin, Frame } from "../frame/frame.js";
import { useHouse } from "./known.js";
import { overOf, reasonNot } from "./pairs.js";
import { lacks, rolesOf } from "./words.js";

const Asked = lazy(() => import("./asked.js"), "Asked");
const Person = lazy(() => import("./person.js"), "Person", { early: true });
const Place = lazy(() => import("./place.js"), "Place");
const Room = lazy(() => import("./room.js"), "Room");
const PersonForm = lazy(() => import("./personform.js"), "PersonForm");
const PlaceForm = lazy(() => import("./placeform.js"), "PlaceForm");
const RoomForm = lazy(() => import("./roomform.js"), "RoomForm");

const TABS = () => ({ staff: [t("Staff"), t("New account")], rooms: [t("Rooms"), t("New room")], places: [t("Locations"), t("New location")], asked: [t("By two"), ""] });

function People() {
  const here = useStore(place);
  const house = useHouse();
  const [said, go] = useAddress();
  const [sought, seek] = useState("");
  const [making, make] = useState(false);
  const [told, tell] = useState("");
  const manages = has("admin");
  const tab = said.tab in TABS() ? said.tab : "staff";
  const groups = house.data ? groupsOf(tab, house.data, sought) : [];
  const rows = groups.flatMap(([, found]) => found);
  const chosen = house.data?.[tab].find((row) => row.id === said.row) ?? null;
  const choose = (row) => (tell(""), go({ row }));
  const turn = (name) => (tell(""), go({ tab: name === "staff" ? null : name, row: null }));
  const ready = manages && house.data && tab !== "asked" && (tab !== "rooms" || house.data.places.length > 0);
  const begun = () => ready && make(true);
  useRows(rows.map((row) => row.id), chosen?.id, choose);
  useKeys({ 1: () => turn("staff"), 2: () => turn("rooms"), 3: () => turn("places"), 4: () => turn("asked"), f: () => document.getElementById("find-here")?.focus(), ...(manages ? { n: begun } : {}) });
  const made = (row) => {
    make(false);
    house.again();
    choose(row.id);
    if (tab === "places" && !locations.get().length) window.location.reload(); // the first location: its clock is the page's
  };
  const zone = zoneOf(chosen, house.data, here);
  const shared = { row: chosen, data: house.data, zone, manages, again: house.again, tell, go, onClose: () => choose(null) };
  const forMe = house.data?.asked.filter((row) => waits(row) && !reasonNot(row, house.data.staff, me.get())).length;
  return html`<${Frame} current="people" count=${{ people: forMe }} keys=${keysOf(manages)}>
    <div class=${`wk pp${chosen ? " one" : ""}`}>
      <section class="wq" aria-labelledby="pp-title">
        <${Head} tab=${tab} turn=${turn} sought=${sought} seek=${seek} onNew=${ready ? begun : null} />
        <${Stand} poll=${{ data: house.data, problem: house.problem, at: house.at, again: house.again }} />
        ${house.data && !rows.length && html`<p class="quiet pad">${sought ? t("Nothing is called so.") : t("There is nothing here yet.")}</p>`}
        <nav aria-label=${t("What there is")}>${groups.map(([title, found]) => html`<${Group} key=${title} title=${title} rows=${found} tab=${tab} data=${house.data} chosen=${chosen} choose=${choose} />`)}</nav>
      </section>
      <div class="wr">
        ${chosen && html`<button type="button" class="b s back" onClick=${() => choose(null)}><${Icon} name="left" />${t("Back to the list")}</button>`}
        ${told && html`<p class="note med" role="status"><${Icon} name="warn" /><span>${told}</span></p>`}
        ${chosen ? html`<${One} key=${chosen.id} tab=${tab} shared=${shared} />` : html`<p class="quiet pad">${house.data && said.row ? t("This is not, or no longer, here.") : house.data && t("Choose a row on the left. What is missing stands first.")}</p>`}
      </div>
    </div>
    ${making && html`<${New} tab=${tab} data=${house.data} onDone=${made} onClose=${() => make(false)} />`}
  <//>`;
}

function keysOf(manages) {
  const more = manages ? [["n", t("Something new")], ["e", t("Change it")], ["h", t("Change its hours")]] : [];
  return [["↑ ↓", t("Row before, row after")], ["1 2 3 4", t("Staff, rooms, locations, what takes two")], ["f", t("Find by name")], ...more];
}

/** The clock by which times of a row are shown: of its location, of a person's first, else of where one works. */
function zoneOf(row, data, here) {
  const id = row?.location ?? row?.locations?.[0] ?? row?.id;
  return data?.places.find((one) => one.id === id)?.time_zone ?? here?.time_zone ?? "UTC";
}

function Head({ tab, turn, sought, seek, onNew }) {
  const tabs = TABS();
  return html`<header class="pp-h">
    <div class="row"><h1 class="grow" id="pp-title">${t("People and places")}</h1>${onNew && html`<button type="button" class="b s" onClick=${onNew}><${Icon} name="plus" />${tabs[tab][1]} <kbd>n</kbd></button>`}</div>
    <div class="seg" role="group" aria-label=${t("What is shown here")}>${Object.entries(tabs).map(([name, [label]], index) => html`<button type="button" key=${name} aria-pressed=${tab === name} onClick=${() => turn(name)}>${label} <kbd>${index + 1}</kbd></button>`)}</div>
    <div class="f"><label for="find-here">${t("Find by name")} <kbd>f</kbd></label><input id="find-here" type="search" autocomplete="off" value=${sought} onInput=${(event) => seek(event.target.value)} /></div>
  </header>`;
}

const waits = (row) => row.state === "asked" && !overOf(row, now());
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** [[heading, rows], …]: what is missing first, what is closed last. */
function groupsOf(tab, data, sought) {
  const found = data[tab].filter((row) => plain(row.name).includes(plain(sought.trim())));
  if (tab === "places") return [[t("Locations"), found]];
  if (tab === "asked") return [[t("Waits for somebody else"), found.filter(waits)], [t("Done with"), found.filter((row) => !waits(row))]].filter(([, rows]) => rows.length);
  const open = found.filter((row) => row.is_active);
  const last = [t("Closed"), found.filter((row) => !row.is_active)];
  if (tab === "rooms") return [...data.places.map((one) => [one.name, open.filter((row) => row.location === one.id)]), last].filter(([, rows]) => rows.length);
  return [[t("Something is missing"), open.filter(lacks)], [t("Staff"), open.filter((row) => !lacks(row))], last].filter(([, rows]) => rows.length);
}

function Group({ title, rows, tab, data, chosen, choose }) {
  const text = (row) => {
    if (tab === "asked") return row.kind === "reset" ? t("Second factor") : t("Private notes");
    if (tab === "staff") return rolesOf(row);
    if (tab === "rooms") return row.kinds.map(kindName).join(", ");
    const rooms = data.rooms.filter((room) => room.location === row.id && room.is_active).length;
    return `${row.address.city} · ${many(rooms, "{n} room", "{n} rooms")}`;
  };
  const age = (row) => (tab === "staff" ? lacks(row) : tab === "places" && !row.opening_hours.length ? t("never open") : "");
  return html`<h2 class="pp-g">${title}</h2>
    <ul class="il">${rows.map((row) => html`<li key=${row.id}><${Row} id=${row.id} current=${row.id === chosen?.id} name=${row.name} age=${age(row)} text=${text(row)} onChoose=${() => choose(row.id)} /></li>`)}</ul>`;
}

function One({ tab, shared }) {
  useEffect(() => document.querySelector(".wr")?.scrollTo(0, 0), []);
  if (tab === "staff") return html`<${Person} ...${shared} />`;
  if (tab === "asked") return html`<${Asked} ...${shared} onClose=${() => {}} />`;
  if (tab === "rooms") return html`<${Room} ...${shared} />`;
  return html`<${Place} ...${shared} />`;
}

function New({ tab, data, onDone, onClose }) {
  const common = { row: null, places: data.places, names: data.names, onDone, onClose };
  if (tab === "staff") return html`<${PersonForm} ...${common} />`;
  if (tab === "rooms") return html`<${RoomForm} ...${common} />`;
  return html`<${PlaceForm} ...${common} />`;
}

begin(() => html`<${People} />`);
