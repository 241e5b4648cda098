import { noise } from "../../experiments/studies/noise.ts";
import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import type { SmallLanguageSetting } from "../../lib/environments/small_language/setting.ts";
import type { Study } from "../../lib/study/study.ts";
import { TINY } from "../environments/small_language/tiny_setting.ts";

/** A study whose smoke preset's runs take a fraction of a second each, for `fixtures/killed.ipynb`. */
export const tinyStudy: Study<SmallLanguageSetting> = {
  ...noise,
  environment: { ...smallLanguage, smoke: { setting: TINY, sera: { steps: 2, batch: 8 } } },
};
