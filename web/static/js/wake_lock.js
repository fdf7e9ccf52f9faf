/** Keep the screen on while the panel is visible; ask again whenever it comes back, and say when it is lost. */

/** Calls `said(true | false)` whenever it changes; false for good where the browser cannot. */
export function keepAwake(said) {
  if (!("wakeLock" in navigator)) {
    said(false);
    return;
  }
  const ask = async () => {
    if (document.visibilityState !== "visible") return;
    try {
      const lock = await navigator.wakeLock.request("screen");
      said(true);
      lock.addEventListener("release", () => said(false));
    } catch {
      said(false);
    }
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}
