// Loaded into a local HarperDB (`node --require`), in every thread: its clock is an hour ahead.

const AHEAD = 3_600_000;
const RealDate = Date;
const now = () => RealDate.now() + AHEAD;

globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(now()).toString(),
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length ? args : [now()], newTarget),
  get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
const timeOrigin = performance.timeOrigin + AHEAD;
Object.defineProperty(performance, 'timeOrigin', { get: () => timeOrigin });
