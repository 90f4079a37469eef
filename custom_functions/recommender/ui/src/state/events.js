import { computed, inject, onScopeDispose, provide, shallowRef, watch } from 'vue';
import { isOptedOut, permissionOf } from '../events/permission.js';
import { createRecorder } from '../events/recorder.js';
import { createTabMemory } from '../events/tab_memory.js';

const EVENTS = Symbol('events');

/**
 * Records what the visitor does with recommendations, if that is allowed, for this component and those in it.
 *
 * @param {import('../api.js').Api} api
 * @param {object} options
 * @param {string} options.project Two recommenders of one site share no session.
 * @param {() => {enabled: boolean, consent: string, types: string[]} | undefined} options.policy
 */
export function provideEvents(api, { project, policy }) {
  const memory = createTabMemory(`${project}:events`);
  const choice = shallowRef(memory.read().choice ?? null);
  /** Why the server takes no events, though its manifest says that it does. */
  const refused = shallowRef(null);
  const optedOut = isOptedOut(navigator);
  const permission = computed(() => {
    const allowed = permissionOf({ policy: policy(), optedOut, choice: choice.value });
    return allowed === 'on' && refused.value ? refused.value : allowed;
  });
  const recorder = shallowRef(null);

  function choose(answer) {
    // Without the session and its events: starting again begins another session.
    memory.write({ choice: answer });
    choice.value = answer;
  }

  function begin() {
    const { types } = policy();
    recorder.value = createRecorder({
      api,
      memory,
      types,
      refused: (why) => (refused.value = why),
    });
  }

  function end() {
    recorder.value?.stop();
    recorder.value = null;
    memory.write(choice.value ? { choice: choice.value } : {});
  }

  // At once: a stopped visitor's events must not be sent, nor those before a yes be lost.
  watch(
    () => (policy() ? permission.value : null),
    (is) => {
      if (is === 'on') begin();
      else if (is) end();
    },
    { immediate: true, flush: 'sync' },
  );
  useLeaving(recorder);

  const events = {
    permission,
    recorder,
    allow: () => choose('yes'),
    stop: () => choose('no'),
    recommend: (body, options) =>
      recorder.value ? recorder.value.recommend(body, options) : api.recommend(body, options),
  };
  provide(EVENTS, events);
  return events;
}

/** @returns {ReturnType<typeof provideEvents>} */
export const useEvents = () => inject(EVENTS);

/** Hands over what is left when the page is hidden: on phones no other event may follow. */
function useLeaving(recorder) {
  const leave = () => recorder.value?.leave();
  const change = () => (document.hidden ? leave() : recorder.value?.comeBack());
  document.addEventListener('visibilitychange', change);
  addEventListener('pagehide', leave);
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', change);
    removeEventListener('pagehide', leave);
    leave();
  });
}
