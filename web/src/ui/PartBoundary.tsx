import { Component, type ReactNode } from "react";
import { useSpeech } from "../i18n";

interface Props {
  /** At another place it is tried anew. */
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

/** Without the library of components: this stands in the first file of the page. */
function Failed() {
  const { t } = useSpeech();
  return (
    <section className="notice notice-failure" role="alert">
      <h2>{t("error.title")}</h2>
      <div className="notice-text">
        <p>{t("error.part")}</p>
      </div>
      <button type="button" className="notice-button" onClick={() => window.location.reload()}>
        {t("error.reload")}
      </button>
    </section>
  );
}
