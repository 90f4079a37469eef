/** Text in HTML. */

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** @param {string} text @returns {string} Fit for an element's text and for a quoted attribute. */
export const escaped = (text) => text.replace(/[&<>"']/g, (letter) => ENTITIES[letter]);
