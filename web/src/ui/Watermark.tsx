import { useMemo } from "react";
import { useMe } from "../identity/me";
import { useNow } from "../warnings/time";
import { instantText } from "./time";

const MINUTE_LENGTH = "2025-03-04 15:06".length;
const TILE = { width: 460, height: 260 } as const;
const SHOWN_NAME = 20;

/** Text as it may stand in a picture of text. */
function plain(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

/** Who looks, and when, faintly over everything: whoever photographs or prints the screen is in the picture. */
export function Watermark() {
  const me = useMe();
  const minute = instantText(new Date(useNow()).toISOString()).slice(0, MINUTE_LENGTH);
  const picture = useMemo(() => {
    const who = plain(`${me.name.slice(0, SHOWN_NAME)} ${me.staff_id ?? me.person_id}`);
    const line = (text: string, y: number) => `<text x="230" y="${y}" text-anchor="middle">${text}</text>`;
    const drawn =
      `<svg xmlns="http://www.w3.org/2000/svg" width="${TILE.width}" height="${TILE.height}">` +
      `<g fill="#1b2526" font-family="sans-serif" font-size="15" transform="rotate(-18 230 130)">` +
      `${line(who, 124)}${line(plain(minute), 146)}</g></svg>`;
    return `url("data:image/svg+xml,${encodeURIComponent(drawn)}")`;
  }, [me, minute]);
  return <div className="watermark" aria-hidden style={{ backgroundImage: picture }} />;
}
