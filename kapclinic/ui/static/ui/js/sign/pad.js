// A sheet to sign on, by finger, pen or mouse. What is drawn leaves it as a PNG, a data URL; without ink it is empty.
import { html, useEffect, useRef } from "../core/h.js";
import { t } from "../core/i18n.js";

const [WIDE, TALL] = [900, 260]; // of the picture; the sheet is as wide as there is room
const PEN = 3;

/** @param {{onDrawn: (picture: string) => void, drawn: boolean, wrong?: string}} props `onDrawn` hears the picture after each stroke, and "" when it is wiped */
export function Pad({ onDrawn, drawn, wrong }) {
  const sheet = useRef(null);
  const last = useRef(null);
  useEffect(() => {
    const pen = sheet.current.getContext("2d");
    Object.assign(pen, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "#15131C", fillStyle: "#15131C" });
  }, []);
  const place = (event) => {
    const box = sheet.current.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * WIDE, ((event.clientY - box.top) / box.height) * TALL];
  };
  const down = (event) => {
    if (event.button) return;
    event.preventDefault();
    sheet.current.setPointerCapture(event.pointerId);
    last.current = place(event);
  };
  const move = (event) => {
    if (!last.current) return;
    const pen = sheet.current.getContext("2d");
    for (const one of event.getCoalescedEvents?.() ?? [event]) {
      const to = place(one);
      pen.beginPath();
      pen.moveTo(...last.current);
      pen.lineTo(...to);
      pen.stroke();
      last.current = to;
    }
  };
  const up = () => {
    if (!last.current) return;
    const pen = sheet.current.getContext("2d");
    pen.beginPath();
    pen.arc(...last.current, PEN / 2, 0, 2 * Math.PI); // a dot is ink as well
    pen.fill();
    last.current = null;
    onDrawn(sheet.current.toDataURL("image/png"));
  };
  const wipe = () => {
    sheet.current.getContext("2d").clearRect(0, 0, WIDE, TALL);
    onDrawn("");
  };
  return html`<div class=${wrong ? "f bad" : "f"}>
    <div class="row"><span class="label grow" id="pad-name">${t("Sign here, with a finger or a pen")}</span><button type="button" class="b s" onClick=${wipe}>${t("Wipe it")}</button></div>
    <canvas ref=${sheet} class="sheet" width=${WIDE} height=${TALL} role="img" aria-labelledby="pad-name" aria-describedby="pad-said" onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${up} />
    <span class="hint" id="pad-said" role="status">${drawn ? t("A signature is drawn.") : t("Nothing is drawn yet. Who can't draw types their name instead.")}</span>
    ${wrong && html`<span class="err" role="alert">${wrong}</span>`}
  </div>`;
}
