// What this phone keeps until the server has it: scans under their own id, one store per school, and the roster.

const VERSION = 1;

export async function openStore(school) {
  try {
    return new Kept(await database(`gate-${school}`));
  } catch {
    return new Forgetful();
  }
}

function database(name) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name, VERSION);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("scans", { keyPath: "tap.scan_id" });
      opening.result.createObjectStore("notes");
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
    opening.onblocked = () => reject(new Error("blocked"));
  });
}

// A scan is {tap, number, look?}: `number` keeps the order, `look` says why it needs a look.
class Kept {
  lasting = true;

  constructor(open) {
    this.open = open;
    this.memory = new Forgetful();
  }

  async all() {
    const found = await this.ask("scans", "readonly", (scans) => scans.getAll()).catch(() => []);
    return sorted([...found, ...(await this.memory.all())]);
  }

  // A full or broken disk must not lose a scan: it is kept in memory, and the page says so.
  async put(scan) {
    try {
      await this.ask("scans", "readwrite", (scans) => scans.put(scan));
    } catch {
      this.lasting = false;
      await this.memory.put(scan);
    }
  }

  async remove(id) {
    await this.memory.remove(id);
    await this.ask("scans", "readwrite", (scans) => scans.delete(id)).catch(() => null);
  }

  note(name, value) {
    return value === undefined
      ? this.ask("notes", "readonly", (notes) => notes.get(name))
      : this.ask("notes", "readwrite", (notes) => notes.put(value, name));
  }

  // Resolves when the transaction is on disk, so that a scan said to be saved is saved.
  ask(store, mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.open.transaction(store, mode, { durability: "strict" });
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }
}

// Where a browser keeps nothing: the scans live as long as the page, and the page says so.
class Forgetful {
  lasting = false;
  scans = new Map();
  notes = new Map();

  async all() {
    return sorted([...this.scans.values()]);
  }

  async put(scan) {
    this.scans.set(scan.tap.scan_id, scan);
  }

  async remove(id) {
    this.scans.delete(id);
  }

  async note(name, value) {
    if (value === undefined) return this.notes.get(name);
    this.notes.set(name, value);
  }
}

function sorted(scans) {
  return scans.sort((one, other) => one.number - other.number);
}
