import type { Schemas } from "../api/client";

interface Props {
  readonly loanId: string;
  readonly facts: Schemas["LoanFacts"];
}

export default function FlowTab({ loanId }: Props) {
  return <span hidden>{loanId}</span>;
}
