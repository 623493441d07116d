// Start wabac's service worker, tell it where the captures are, then load the page through it.
// The messages are those that pywb's own client sends (loadWabac.js).
const page = document.currentScript.dataset.page;
const policy =
  "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; " +
  "form-action 'self'; object-src 'none'; webrtc 'block'";

async function play() {
  const prefix = `${location.origin}/web/`;
  await navigator.serviceWorker.register("/sw.js?replayPrefix=", { scope: "/" });
  const registration = await navigator.serviceWorker.ready;
  const added = new Promise((resolve) =>
    navigator.serviceWorker.addEventListener("message", (event) => {
      if (event.data.msg_type === "collAdded") resolve();
    }),
  );
  registration.active.postMessage({
    msg_type: "addColl",
    name: "web",
    type: "live",
    file: { sourceUrl: "proxy:" },
    skipExisting: false,
    extraConfig: {
      prefix: "",
      isLive: false,
      baseUrl: prefix,
      baseUrlAppendReplay: true,
      noPostToGet: true,
      archivePrefix: prefix,
      archiveMod: "ir_",
      csp: policy,
      injectScripts: ["../no-way-out.js"],
    },
  });
  if (!navigator.serviceWorker.controller) {
    await new Promise((resolve) =>
      navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }),
    );
  }
  await added;
  document.getElementById("page").src = page;
}

play();
