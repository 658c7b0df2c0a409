// The tablet's own memory (IndexedDB). What is said to be kept was on the disk before it was said.

const NAME = "kap-outbox";
const TABLE = "items";

let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(TABLE, { keyPath: "key" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("blocked"));
  }).catch((refused) => {
    opened = null;
    throw refused;
  });
  return opened;
}

async function within(mode, act) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(TABLE, mode, { durability: "strict" });
    const asked = act(transaction.objectStore(TABLE));
    transaction.oncomplete = () => resolve(asked?.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** @throws when the browser refuses its storage (private window, full disk) */
export const keep = (item) => within("readwrite", (table) => table.put(item));
export const remove = (key) => within("readwrite", (table) => table.delete(key));
export const everything = () => within("readonly", (table) => table.getAll());
