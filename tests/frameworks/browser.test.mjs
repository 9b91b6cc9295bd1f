// @ts-check
// An example in Chromium.
import { after, before, it } from "node:test";
import { useBrowser } from "../e2e/browser.mjs";
import { signInAndOut } from "./buttons.mjs";
import { asReadmeSays, startSetting } from "./examples.mjs";

/** @type {import("./examples.mjs").Setting} */
let setting;
/** @type {import("./examples.mjs").Running | undefined} */
let running;
before(async () => {
  setting = await startSetting();
  running = await asReadmeSays("Express")(setting);
});
after(() => running?.stop());

const inTab = useBrowser();

it("signs in and out by the buttons of the page, which no token ever reaches", () => inTab(({ page }) => signInAndOut(page, setting.origin)));
