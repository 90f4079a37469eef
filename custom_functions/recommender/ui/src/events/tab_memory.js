/**
 * What a tab remembers until it is closed, reloads included. Where the browser refuses storage, until the next
 * reload.
 *
 * @param {string} key
 * @param {() => Storage} storage The browser throws where storage is blocked.
 * @returns {{read: () => object, write: (value: object) => void}}
 */
export function createTabMemory(key, storage = () => sessionStorage) {
  let held = {};
  return {
    read() {
      try {
        const value = JSON.parse(storage().getItem(key) ?? '{}');
        return typeof value === 'object' && value !== null ? value : {};
      } catch {
        return held;
      }
    },
    write(value) {
      held = value;
      try {
        if (Object.keys(value).length) storage().setItem(key, JSON.stringify(value));
        else storage().removeItem(key);
      } catch {
        // Blocked or full: `held` is what remains.
      }
    },
  };
}
