import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount } from "../ui/Amount";
import { Term } from "../ui/Term";
import { customerAddress } from "./address";

const SHOWN = 8;
const YUAN = { currency: "CNY", minor_digits: 2 } as const;

/** Who is connected with the customer, and what they owe together against the limits. */
export function Group({ page }: { readonly page: Schemas["CustomerPage"] }) {
  const { t } = useSpeech();
  const own = page.facts.party_id;
  const { data } = api.useQuery("get", "/api/v1/customers/{party_id}/group", { params: { path: { party_id: own } } });
  if (!data) return null;
  const heads = new Set(page.group.filter((one) => one.is_head).map((one) => one.party_id));
  const shown = data.members.slice(0, SHOWN);
  const left = data.member_count - shown.length;
  return (
    <section className="card box" aria-labelledby="group-title">
      <h2 id="group-title">
        <Term name="connected_customers">{t("customers.group")}</Term>
      </h2>
      {data.member_count > 1 ? (
        <ul className="group-members">
          {shown.map((one) => (
            <li key={one.party_id}>
              {one.party_id === own ? <strong>{one.name}</strong> : <Link to={customerAddress(one.party_id)}>{one.name}</Link>}
              {heads.has(one.party_id) && <span className="customer-mark">{t("customers.group_head")}</span>}
            </li>
          ))}
          {left > 0 && <li className="quiet small">{t("customers.group_more", { count: left })}</li>}
        </ul>
      ) : (
        <p className="quiet small">{t("customers.group_alone")}</p>
      )}
      {data.exposure && <Exposure exposure={data.exposure} name={data.name} />}
      {data.notes.some((one) => one.code === "within_reach") && <p className="quiet small">{t("customers.group_reach")}</p>}
    </section>
  );
}

interface ExposureProps {
  readonly exposure: Schemas["GroupExposure"];
  readonly name: string;
}

function Exposure({ exposure, name }: ExposureProps) {
  const { t } = useSpeech();
  const share = (ppm: number | null) => (ppm === null ? t("customers.unknown") : `${(ppm / 10_000).toFixed(1)}%`);
  return (
    <dl className="facts group-exposure">
      <div>
        <dt>
          <Term name="exposure">{t("customers.group_exposure")}</Term>
        </dt>
        <dd>
          <Amount fen={exposure.exposure_fen} form="short" {...YUAN} />
        </dd>
      </div>
      <div>
        <dt>{t("customers.group_tier1")}</dt>
        <dd className="figures">{share(exposure.tier1_ppm)}</dd>
      </div>
      <div>
        <dt>
          <Term name="limit_used">{t("customers.group_limit_used")}</Term>
        </dt>
        <dd className={exposure.exceeded ? "figures danger" : "figures"}>
          {share(exposure.limit_used_ppm)}
          {exposure.exceeded && ` ${t("customers.group_exceeded")}`}
        </dd>
      </div>
      <div>
        <dt />
        <dd>
          <Link to={`/ledgers/groups?search=${encodeURIComponent(name)}`}>{t("customers.group_ledger")}</Link>
        </dd>
      </div>
    </dl>
  );
}
