const SAID = ["页面的文件没有取到。请确认网络和服务正常，然后重新载入。", "The files of this page could not be fetched. Check the network and the server, then load it again."];
const RELOAD = "重新载入 / Load again";

/** Tells in both languages that the page cannot be shown, without any file that did not come. */
export function sayNothingCame(root: HTMLElement): void {
  const button = document.createElement("button");
  button.textContent = RELOAD;
  button.addEventListener("click", () => window.location.reload());
  const said = SAID.map((text) => {
    const line = document.createElement("p");
    line.textContent = text;
    return line;
  });
  root.replaceChildren(...said, button);
  root.setAttribute("role", "alert");
}
