// Booking what is owed, with the desk's own dialog.
import { html } from "../core/h.js";
import { Book as Dialog } from "../desk/book.js";
import { useNames } from "../desk/known.js";

/** @param {{here: any, at: number, obligation: object, onDone: () => void, onClose: () => void}} props */
export function Book({ here, at, obligation, onDone, onClose }) {
  const names = useNames(here.id);
  return html`<${Dialog} here=${here} names=${names} zone=${here.time_zone} at=${at} obligation=${obligation} onDone=${onDone} onClose=${onClose} />`;
}
