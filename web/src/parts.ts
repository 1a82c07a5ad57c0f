import { matchPath } from "react-router";
import { part } from "./ui/part";

// What the browser fetches only when it is needed. The drawing libraries are large.
export const AccountPage = part(() => import("./accounts/AccountPage"));
export const AccountsPage = part(() => import("./accounts/AccountsPage"));
export const ConditionEditor = part(() => import("./rules/ConditionEditor"));
export const CurveChart = part(() => import("./accounts/CurveChart"));
export const DisputePage = part(() => import("./disputes/DisputePage"));
export const FlowTab = part(() => import("./flow/FlowTab"));
export const GlossaryPage = part(() => import("./glossary/GlossaryPage"));
export const GraphView = part(() => import("./flow/GraphView"));
export const ImportsPage = part(() => import("./imports/ImportsPage"));
export const ListsPage = part(() => import("./lists/ListsPage"));
export const LoanPage = part(() => import("./loans/LoanPage"));
export const LoanSignals = part(() => import("./signals/LoanSignals"));
export const LoansPage = part(() => import("./loan_list/LoansPage"));
export const NightlyPage = part(() => import("./nightly/NightlyPage"));
export const Repayments = part(() => import("./payments/Repayments"));
export const RulesPage = part(() => import("./rules/RulesPage"));
export const SankeyView = part(() => import("./flow/SankeyView"));
export const SignalsPage = part(() => import("./signals/SignalsPage"));
export const TransactionPage = part(() => import("./accounts/TransactionPage"));
export const WarningsPage = part(() => import("./warnings/WarningsPage"));

interface Fetched {
  readonly bring: () => Promise<unknown>;
}

/** Address -> what it shows at once; the first that fits. */
const SHOWN: readonly (readonly [string, readonly Fetched[]])[] = [
  ["/", [LoansPage]],
  ["/loans", [LoansPage]],
  ["/loans/:loanId/flow", [LoanPage, FlowTab, GraphView]],
  ["/loans/:loanId/repayments", [LoanPage, Repayments]],
  ["/loans/:loanId/signals", [LoanPage, LoanSignals]],
  ["/loans/:loanId/*", [LoanPage]],
  ["/warnings/:threadId?", [WarningsPage, GraphView]],
  ["/accounts", [AccountsPage]],
  ["/accounts/:account", [AccountPage, CurveChart]],
  ["/transactions/:transferId", [TransactionPage]],
  ["/disputes/:sheetId", [DisputePage]],
  ["/imports/*", [ImportsPage]],
  ["/lists", [ListsPage]],
  ["/nightly/*", [NightlyPage]],
  ["/rules/new", [RulesPage, ConditionEditor]],
  ["/rules/*", [RulesPage]],
  ["/signals", [SignalsPage]],
  ["/glossary", [GlossaryPage]],
];

/** Fetches all that an address shows, at once; a part that cannot be fetched says so where it is shown. */
export async function bringAhead(address: string): Promise<void> {
  const shown = SHOWN.find(([pattern]) => matchPath(pattern, address))?.[1] ?? [];
  await Promise.allSettled(shown.map((one) => one.bring()));
}
