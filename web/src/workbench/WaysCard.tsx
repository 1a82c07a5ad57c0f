import { Link } from "react-router";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { GROUPS, OWN } from "../ui/places";
import { Card } from "./Card";

/** The pages that this person's roles open, each with what it is for. */
export function WaysCard() {
  const { t, name } = useSpeech();
  const me = useMe();
  const places = [...GROUPS.flatMap((group) => group.places), ...OWN].filter((place) => place.to !== "/" && may(me, place.abilities));
  return (
    <Card title={t("workbench.ways_title")}>
      <ul className="bench-ways">
        {places.map((place) => {
          const about = name("way", place.to.slice(1));
          return (
            <li key={place.to}>
              <Link to={place.to}>{t(place.key)}</Link>
              {about !== place.to.slice(1) && <span className="quiet small">{about}</span>}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
