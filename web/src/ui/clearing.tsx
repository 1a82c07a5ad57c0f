import { CloseCircleFilled } from "@ant-design/icons";
import { useSpeech } from "../i18n";

/** How a chosen value is taken back, said in the language of the page: the library says it in English alone. */
export function useClearing() {
  const { t } = useSpeech();
  return { label: t("app.clear"), clearIcon: <CloseCircleFilled /> };
}
