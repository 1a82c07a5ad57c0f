import { Button } from "antd";
import { useState } from "react";
import { ReasonDialog } from "../accounts/ReasonDialog";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { Fact } from "./Fact";

/** The customer's numbers, masked; in clear for a reason, which is put on record, until one leaves the page. */
export function Identifiers({ facts }: { readonly facts: Schemas["CustomerFacts"] }) {
  const { t, name } = useSpeech();
  const me = useMe();
  const [asking, setAsking] = useState(false);
  const reading = api.useMutation("post", "/api/v1/customers/{party_id}/identifiers");
  const clear = reading.data;
  const number = clear ? clear.identity_number : facts.identity_masked;
  const phone = clear ? clear.phone : facts.phone_masked;
  const hidden = facts.has_hidden_identifiers && !clear;
  return (
    <>
      {number && (
        <Fact label={facts.identity_kind ? name("identity_kind", facts.identity_kind) : t("customers.fact.identity")}>
          <span className="figures identifier">{number}</span>
        </Fact>
      )}
      {phone && (
        <Fact label={t("customers.fact.phone")}>
          <span className="figures identifier">{phone}</span>
        </Fact>
      )}
      {hidden && may(me, ["see_identifiers"]) && (
        <Fact label="">
          <Button
            type="link"
            size="small"
            className="unmask"
            onClick={() => {
              reading.reset();
              setAsking(true);
            }}
          >
            {t("customers.unmask")}
          </Button>
        </Fact>
      )}
      {clear && (
        <Fact label="">
          <span className="quiet small" role="status">
            {t("customers.unmasked")}
          </span>
        </Fact>
      )}
      <ReasonDialog
        open={asking}
        title={t("customers.unmask_title")}
        hint={t("customers.unmask_hint")}
        submit={t("customers.unmask_submit")}
        busy={reading.isPending}
        error={reading.error}
        close={() => setAsking(false)}
        act={(reason) =>
          reading.mutate(
            { params: { path: { party_id: facts.party_id } }, body: { reason } },
            { onSuccess: () => setAsking(false) },
          )
        }
      />
    </>
  );
}
