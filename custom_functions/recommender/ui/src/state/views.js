import { onMounted, onScopeDispose, watch } from 'vue';

/** A row was really on the screen when this share of it was there for this long. */
const SHARE = 0.5;
const LEAST_MS = 500;

/**
 * Tells how far down an answer has been on the screen.
 *
 * @param {() => Element[]} rowsOf The rows that are drawn, each with its item's id in `data-item`.
 * @param {() => object|null} answerOf The answer that they show; null: nobody wants to know.
 * @param {(answer: object, position: number) => void} saw Called each time that the list is seen further down.
 */
export function useViews(rowsOf, answerOf, saw) {
  const timers = new Map();
  let observer;

  function stop() {
    observer?.disconnect();
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
  }

  function restart() {
    stop();
    const answer = answerOf();
    if (!answer) return;
    const places = new Map(answer.recommendations.map(({ id }, place) => [id, place + 1]));
    let deepest = 0;
    const seen = (position) => {
      if (position <= deepest) return;
      deepest = position;
      saw(answer, position);
    };
    observer = new IntersectionObserver(
      (changes) => {
        for (const { target, isIntersecting, intersectionRatio } of changes) {
          clearTimeout(timers.get(target));
          const position = places.get(target.dataset.item);
          if (!position || !isIntersecting || intersectionRatio < SHARE) continue;
          timers.set(
            target,
            setTimeout(() => seen(position), LEAST_MS),
          );
        }
      },
      { threshold: SHARE },
    );
    for (const row of rowsOf()) observer.observe(row);
  }

  onMounted(restart);
  watch(answerOf, restart, { flush: 'post' });
  onScopeDispose(stop);
}
