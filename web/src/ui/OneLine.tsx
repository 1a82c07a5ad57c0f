import { Button } from "antd";
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { useSpeech } from "../i18n";

interface Props {
  readonly className?: string;
  readonly children: ReactNode;
}

/** As much as fits in one line; the rest on demand. */
export function OneLine({ className = "", children }: Props) {
  const { t } = useSpeech();
  const text = useRef<HTMLParagraphElement>(null);
  const [whole, setWhole] = useState(false);
  const [cut, setCut] = useState(false);
  useLayoutEffect(() => {
    const line = text.current;
    if (!line || whole) return undefined;
    const look = () => setCut(line.scrollWidth > line.clientWidth + 1);
    const watching = new ResizeObserver(look);
    watching.observe(line);
    look();
    return () => watching.disconnect();
  }, [whole, children]);
  return (
    <div className={`one-line ${className}`}>
      <p ref={text} className={whole ? undefined : "one-line-cut"}>
        {children}
      </p>
      {(cut || whole) && (
        <Button type="link" size="small" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {t(whole ? "app.less" : "app.more")}
        </Button>
      )}
    </div>
  );
}
