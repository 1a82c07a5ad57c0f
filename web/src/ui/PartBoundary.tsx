import { Button } from "antd";
import { Component, type ReactNode } from "react";
import { useSpeech } from "../i18n";
import { Notice } from "./states";

interface Props {
  /** Another place is shown anew. */
  readonly place: string;
  readonly children: ReactNode;
}

/** In place of a part of the page that cannot be fetched or drawn; what stands around it stays. */
export class PartBoundary extends Component<Props, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override componentDidUpdate(before: Props) {
    if (this.state.failed && before.place !== this.props.place) this.setState({ failed: false });
  }

  override render() {
    return this.state.failed ? <Failed /> : this.props.children;
  }
}

function Failed() {
  const { t } = useSpeech();
  return (
    <div className="page">
      <Notice
        tone="failure"
        title={t("error.title")}
        action={
          <Button type="primary" onClick={() => window.location.reload()}>
            {t("error.reload")}
          </Button>
        }
      >
        <p>{t("error.part")}</p>
      </Notice>
    </div>
  );
}
