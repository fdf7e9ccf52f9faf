/** Times and amounts as people read them. */

/** How a device is reached. */
export const LINKS = { READY: "ready", CONNECTING: "connecting", STALE: "no answer", FAULT: "fault", ABSENT: "not there" };

/** 0:12, 12:05, 1:02:05. */
export function seconds(value) {
  const whole = Math.max(0, Math.floor(value + 1e-6));
  const part = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${part(minutes)}:${part(whole % 60)}` : `${minutes}:${part(whole % 60)}`;
}

/** T+0:32, T-0:05: hours and minutes of the medicine clock. */
export function medicineTime(value) {
  const minutes = Math.floor(Math.abs(value) / 60);
  return `T${value < 0 && minutes > 0 ? "−" : "+"}${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

/** 14:05 of this tablet's own clock. */
export function clockTime(utcS) {
  return new Date(utcS * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** 23 Nov 2026, 14:05. */
export function dateTime(utcS) {
  return new Date(utcS * 1000).toLocaleString([], { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
}

/** "just now", "12 s ago", "4 min ago". */
export function ago(utcS, nowS = Date.now() / 1000) {
  const since = Math.max(0, nowS - utcS);
  if (since < 5) return "just now";
  if (since < 90) return `${Math.round(since)} s ago`;
  if (since < 5400) return `${Math.round(since / 60)} min ago`;
  return `at ${clockTime(utcS)}`;
}

/** How long a state has held: ", just now", " for 12 s", " since 14:05". */
export function lasting(utcS, nowS = Date.now() / 1000) {
  const since = Math.max(0, nowS - utcS);
  if (since < 5) return ", just now";
  return since < 5400 ? ` for ${ago(utcS, nowS).replace(" ago", "")}` : ` since ${clockTime(utcS)}`;
}

/** "desensitise-fast" -> "Desensitise fast". */
export function named(id) {
  return id.replaceAll("-", " ").replace(/^./, (first) => first.toUpperCase());
}
