// A native <dialog>: focus goes in, stays in, and comes back to whatever opened it.
import { html, useEffect, useMemo, useRef } from "./h.js";
import { t } from "./i18n.js";

let opened = 0; // signing in again may lie over another dialog: each has a title of its own

/** @param {{title: string, onClose: () => void, children: any, wide?: boolean, stays?: boolean, role?: string}} props */
export function Dialog({ title, onClose, children, wide, stays }) {
  const box = useRef(null);
  const id = useMemo(() => `dialog-${(opened += 1)}`, []);
  useEffect(() => {
    const opener = /** @type {HTMLElement | null} */ (document.activeElement);
    box.current.showModal();
    return () => opener?.isConnected && opener.focus();
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    if (!stays) onClose();
  };
  return html`<dialog ref=${box} class=${wide ? "d wide" : "d"} aria-labelledby=${id} onCancel=${cancel}>
    <header class="dh">
      <h2 id=${id} class="grow">${title}</h2>
      ${!stays &&
      html`<button type="button" class="b bare" onClick=${onClose}>${t("Close")} <kbd>Esc</kbd></button>`}
    </header>
    ${children}
  </dialog>`;
}
