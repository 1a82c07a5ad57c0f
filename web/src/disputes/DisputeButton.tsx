interface Props {
  readonly loanId: string;
  readonly use: string;
  readonly transferId?: string;
}

export default function DisputeButton({ loanId }: Props) {
  return <span hidden>{loanId}</span>;
}
