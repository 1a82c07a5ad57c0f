import type { Fen } from "../api/client";
import { Amount, type Currency } from "../ui/Amount";

/** An exact amount for a column of yuan; another currency is named behind it. */
export function Sum({ fen, currency, minor_digits }: Currency & { readonly fen: Fen }) {
  return (
    <span className="figures nowrap">
      <Amount fen={fen} form="exact" currency={currency} minor_digits={minor_digits} />
      {currency !== "CNY" && <span className="quiet small"> {currency}</span>}
    </span>
  );
}
