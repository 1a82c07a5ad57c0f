import { matchPath } from "react-router";
import { part } from "./ui/part";

// What the browser fetches only when it is needed. The drawing libraries are large.
export const AccountPage = part(() => import("./accounts/AccountPage"));
export const AccountsPage = part(() => import("./accounts/AccountsPage"));
export const AdministrationPage = part(() => import("./administration/AdministrationPage"));
export const AuditPage = part(() => import("./audit/AuditPage"));
export const ChecksPage = part(() => import("./inspections/ChecksPage"));
export const Classification = part(() => import("./loans/Classification"));
export const BarsPart = part(() => import("./portfolio/Bars"));
export const CashChart = part(() => import("./customers/CashChart"));
export const ConditionEditor = part(() => import("./rules/ConditionEditor"));
export const CurveChart = part(() => import("./accounts/CurveChart"));
export const CustomerPage = part(() => import("./customers/CustomerPage"));
export const CustomersPage = part(() => import("./customers/CustomersPage"));
export const DisputePage = part(() => import("./disputes/DisputePage"));
export const Documents = part(() => import("./loans/Documents"));
export const FlowTab = part(() => import("./flow/FlowTab"));
export const GlossaryPage = part(() => import("./glossary/GlossaryPage"));
export const GraphView = part(() => import("./flow/GraphView"));
export const HandoverForm = part(() => import("./workbench/HandoverForm"));
export const History = part(() => import("./loans/History"));
export const ImportsPage = part(() => import("./imports/ImportsPage"));
export const LedgersPage = part(() => import("./ledgers/LedgersPage"));
export const InboxPage = part(() => import("./inbox/InboxPage"));
export const ListsPage = part(() => import("./lists/ListsPage"));
export const LoanCheck = part(() => import("./inspections/LoanCheck"));
export const LoanPage = part(() => import("./loans/LoanPage"));
export const LoanSignals = part(() => import("./signals/LoanSignals"));
export const LoansPage = part(() => import("./loan_list/LoansPage"));
export const MustFirst = part(() => import("./identity/MustFirst"));
export const MyPage = part(() => import("./identity/MyPage"));
export const NightlyPage = part(() => import("./nightly/NightlyPage"));
export const PortfolioPage = part(() => import("./portfolio/PortfolioPage"));
export const RelationGraph = part(() => import("./customers/RelationGraph"));
export const Repayments = part(() => import("./payments/Repayments"));
export const RulesPage = part(() => import("./rules/RulesPage"));
export const SankeyView = part(() => import("./flow/SankeyView"));
export const SignalsPage = part(() => import("./signals/SignalsPage"));
export const SignInAgain = part(() => import("./identity/SignInAgain"));
export const SignInPage = part(() => import("./identity/SignInPage"));
export const TransactionPage = part(() => import("./accounts/TransactionPage"));
export const WarningsPage = part(() => import("./warnings/WarningsPage"));
export const WorkbenchPage = part(() => import("./workbench/WorkbenchPage"));

interface Fetched {
  readonly bring: () => Promise<unknown>;
}

/** Address -> what it shows at once, and what it draws from its first answers; the first that fits. */
const SHOWN: readonly (readonly [string, readonly Fetched[], (readonly Fetched[])?])[] = [
  ["/", [WorkbenchPage]],
  ["/sign-in", [SignInPage]],
  ["/me", [MyPage]],
  ["/inbox/*", [InboxPage]],
  ["/administration/*", [AdministrationPage]],
  ["/loans", [LoansPage]],
  ["/loans/:loanId/flow", [LoanPage, FlowTab], [GraphView]],
  ["/loans/:loanId/check", [LoanPage, LoanCheck]],
  ["/loans/:loanId/classification", [LoanPage, Classification]],
  ["/loans/:loanId/documents", [LoanPage, Documents]],
  ["/loans/:loanId/history", [LoanPage, History]],
  ["/loans/:loanId/repayments", [LoanPage, Repayments]],
  ["/loans/:loanId/signals", [LoanPage, LoanSignals]],
  ["/loans/:loanId/*", [LoanPage]],
  ["/checks/:checkId?", [ChecksPage]],
  ["/warnings/:threadId?", [WarningsPage], [GraphView]],
  ["/customers", [CustomersPage]],
  ["/customers/:partyId/relations", [CustomerPage], [RelationGraph]],
  ["/customers/:partyId/cash", [CustomerPage, CashChart]],
  ["/customers/:partyId/*", [CustomerPage]],
  ["/accounts", [AccountsPage]],
  ["/accounts/:account", [AccountPage, CurveChart]],
  ["/transactions/:transferId", [TransactionPage]],
  ["/disputes/:sheetId", [DisputePage]],
  ["/imports/*", [ImportsPage]],
  ["/audit", [AuditPage]],
  ["/ledgers/*", [LedgersPage]],
  ["/lists", [ListsPage]],
  ["/nightly/*", [NightlyPage]],
  ["/portfolio", [PortfolioPage, BarsPart]],
  ["/rules/new", [RulesPage, ConditionEditor]],
  ["/rules/*", [RulesPage]],
  ["/signals", [SignalsPage]],
  ["/glossary", [GlossaryPage]],
];

/** Fetches all that an address shows at once; a part that cannot be fetched is told where it is shown. */
export async function bringAhead(address: string): Promise<void> {
  const [, atOnce] = shownAt(address) ?? [];
  await Promise.allSettled((atOnce ?? []).map((one) => one.bring()));
}

/** Fetches what an address draws its first answers with, once they are asked for: a drawing library takes long to start. */
export async function bringDrawings(address: string): Promise<void> {
  const [, , drawings] = shownAt(address) ?? [];
  await Promise.allSettled((drawings ?? []).map((one) => one.bring()));
}

function shownAt(address: string): (typeof SHOWN)[number] | undefined {
  return SHOWN.find(([pattern]) => matchPath(pattern, address));
}
