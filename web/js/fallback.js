// Shows the words that the page holds for the case that its own script does not start: a file did
// not arrive, or the browser does not know its language. Written in the JavaScript of 2009 and as a
// classic script, so that it runs where the others do not. It asks the server nothing.
(function () {
  var root = document.documentElement;
  var patience = 20000; // a request that hangs reports no error

  function failed() {
    if (root.hasAttribute('data-started')) return;
    root.setAttribute('data-failed', '');
    var buttons = document.querySelectorAll('[data-reload]');
    for (var i = 0; i < buttons.length; i++) {
      buttons[i].hidden = false;
      buttons[i].onclick = function () { location.reload(); };
    }
  }

  // The error of a script that did not load does not bubble, but it can be captured. It comes after
  // the whole page was read, because modules run then.
  window.addEventListener('error', function (event) {
    if (event.target === window || event.target.tagName === 'SCRIPT') failed();
  }, true);
  window.addEventListener('load', function () {
    if (!('noModule' in document.createElement('script'))) failed();
  });
  setTimeout(failed, patience);
}());
