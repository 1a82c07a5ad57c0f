import { Alert } from "antd";
import { useParameterText } from "../administration/parameter_text";
import { useSpeech } from "../i18n";

interface Told {
  readonly unit: string;
  readonly number: string | null;
  readonly names: readonly string[];
  readonly inclusive: boolean;
  readonly effective_from: string;
  readonly effective_to: string | null;
  readonly legal_basis: string;
  readonly legal_basis_chinese: string;
  readonly verified: string;
  readonly is_law: boolean;
}

type Side = Readonly<Record<string, unknown>> | null;

function toldOf(side: Side): Told | null {
  const told = side?.["parameter"];
  return typeof told === "object" && told !== null && "unit" in told ? (told as Told) : null;
}

/** Whether a proposal is about a parameter, so that it is told in words of its unit. */
export function isParameter(before: Side, after: Side): boolean {
  return toldOf(before) !== null && toldOf(after) !== null;
}

/** What a parameter would be from its day on, and what it would be without. */
export function ParameterDifference({ before, after }: { readonly before: Side; readonly after: Side }) {
  const { t, language } = useSpeech();
  const text = useParameterText();
  const [old, fresh] = [toldOf(before), toldOf(after)];
  if (old === null || fresh === null) return null;
  const period = (one: Told) =>
    one.effective_to === null
      ? t("admin.parameter_from", { from: one.effective_from })
      : t("admin.parameter_from_to", { from: one.effective_from, to: one.effective_to });
  const source = (one: Told) => t(one.verified === "B" ? "admin.verified_b_short" : one.verified === "V" ? "admin.verified_v_short" : "admin.verified_k_short");
  const basis = (one: Told) => `${one[language === "zh" ? "legal_basis_chinese" : "legal_basis"]}（${source(one)}）`;
  const added = fresh.names.filter((one) => !old.names.includes(one)).map(text.word);
  const gone = old.names.filter((one) => !fresh.names.includes(one)).map(text.word);
  const lines: readonly (readonly [string, string, string])[] = [
    [t("admin.parameter_value"), text.whole(old.unit, old), text.whole(fresh.unit, fresh)],
    [t("admin.parameter_period"), period(old), period(fresh)],
    [t("admin.parameter_basis"), basis(old), basis(fresh)],
  ];
  return (
    <>
      {fresh.is_law && <Alert className="alert" type="warning" showIcon title={t("inbox.parameter_law")} />}
      <table className="difference">
        <thead>
          <tr>
            <th scope="col">{t("inbox.field")}</th>
            <th scope="col">{t("inbox.before")}</th>
            <th scope="col">{t("inbox.after")}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(([field, was, becomes]) => (
            <tr key={field}>
              <th scope="row">{field}</th>
              <td className="difference-before">{was}</td>
              <td className="difference-after">{becomes}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {added.length > 0 && <p className="small">{t("inbox.parameter_added", { names: added.join(t("app.comma")) })}</p>}
      {gone.length > 0 && <p className="small">{t("inbox.parameter_gone", { names: gone.join(t("app.comma")) })}</p>}
    </>
  );
}
