// Loaded after require.js and before the widget manager, on pages that show widgets.
// Every address is derived from this script's own, so that the book works from any folder,
// over http and over file://, and never asks another server for anything.
(() => {
  const vendor = new URL("vendor/", document.currentScript.src).href;

  // The manager asks requirejs for "anywidget"; its AMD build comes from anywidget's wheel.
  // However long that takes: after a timeout the manager would look for it on another address.
  window.requirejs.config({ paths: { anywidget: `${vendor}anywidget/index` }, waitSeconds: 0 });

  // Where the manager's own fonts are.
  window.__jupyter_widgets_assets_path__ = `${vendor}@jupyter-widgets/html-manager/dist/`;

  // Where the manager looks for any other widget module: here, not on a public CDN.
  document.currentScript.setAttribute("data-jupyter-widgets-cdn", vendor);

  // Where the page that decodes finds its models and their runtime.
  document.documentElement.dataset.apdLive = new URL("live/", document.currentScript.src).href;

  // The manager weighs 3.6 MB: it is loaded when an explorer is less than a screen away, or is
  // asked for by the link that leads to it. It then draws every explorer of the page.
  let asked = false;
  function loadManager() {
    if (asked) return;
    asked = true;
    const manager = document.createElement("script");
    manager.src = `${vendor}@jupyter-widgets/html-manager/dist/embed-amd.js`;
    document.head.append(manager);
  }
  window.apdLoadExplorers = loadManager;

  document.addEventListener("DOMContentLoaded", () => {
    const views = document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]');
    const near = new IntersectionObserver(
      (entries) => { if (entries.some((entry) => entry.isIntersecting)) loadManager(); },
      { rootMargin: "100% 0px" },
    );
    for (const view of views) near.observe(view.parentElement);
    window.addEventListener("beforeprint", loadManager);
  });

  // The manager still calls MathJax 2's queue to typeset labels; hand that work to MathJax 4,
  // whose script is deferred and therefore ready by now if the page has any mathematics.
  document.addEventListener("DOMContentLoaded", () => {
    const mathJax = window.MathJax;
    if (!mathJax || mathJax.Hub) return;
    mathJax.Hub = {
      Config() {},
      Configured() {},
      Queue([, , element]) {
        if (element) mathJax.startup.promise.then(() => mathJax.typesetPromise([element]));
      },
    };
  });
})();
