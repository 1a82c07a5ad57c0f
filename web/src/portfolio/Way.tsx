import { Breadcrumb } from "antd";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { type PortfolioState, withinText } from "./address";
import { useGroupName } from "./words";

interface Props {
  readonly within: readonly Schemas["PortfolioCondition"][];
  readonly state: PortfolioState;
  readonly change: (values: Partial<PortfolioState>) => void;
}

/** The groups that were gone down into; each leads back to itself. */
export function Way({ within, state, change }: Props) {
  const { t } = useSpeech();
  const named = useGroupName();
  const step = (title: string, press: () => void) => (
    <button type="button" className="link-button" onClick={press}>
      {title}
    </button>
  );
  const items = [
    { key: "whole", title: step(t("portfolio.whole"), () => change({ within: [], by: within[0]?.by ?? state.by })) },
    ...within.map((one, place) => ({
      key: withinText(one),
      title:
        place === within.length - 1
          ? named(one.by, one)
          : step(named(one.by, one), () => change({ within: state.within.slice(0, place + 1), by: within[place + 1]?.by ?? state.by })),
    })),
  ];
  return <Breadcrumb className="portfolio-way" items={items} aria-label={t("portfolio.way")} />;
}
