import { QueryClientProvider } from "@tanstack/react-query";
import { ConfigProvider, type ThemeConfig } from "antd";
import enGB from "antd/locale/en_GB";
import zhCN from "antd/locale/zh_CN";
import { Suspense } from "react";
import { BrowserRouter, Link, Route, Routes } from "react-router";
import { useSpeech } from "./i18n";
import { Gate } from "./identity/Gate";
import { SIGN_IN } from "./identity/session";
import {
  AccountPage,
  AccountsPage,
  AdministrationPage,
  AuditPage,
  ChecksPage,
  CustomerPage,
  CustomersPage,
  DisputePage,
  GlossaryPage,
  ImportsPage,
  LedgersPage,
  InboxPage,
  ListsPage,
  LoanPage,
  LoansPage,
  MyPage,
  NightlyPage,
  PortfolioPage,
  RulesPage,
  SignalsPage,
  SignInPage,
  TransactionPage,
  WarningsPage,
  WorkbenchPage,
} from "./parts";
import { queries } from "./queries";
import { Frame } from "./ui/Frame";
import { nonce } from "./ui/nonce";
import { Loading, Notice } from "./ui/states";

const fontFamily = getComputedStyle(document.documentElement).getPropertyValue("--font").trim();

/** Who asked the system for less motion gets none: a dialog stands where it is as soon as it is seen. */
const MOVES = !matchMedia("(prefers-reduced-motion: reduce)").matches;

const THEME: ThemeConfig = {
  token: {
    motion: MOVES,
    colorPrimary: "#0f6b66",
    colorLink: "#0f6b66",
    colorError: "#b93a24",
    colorTextBase: "#1b2526",
    colorTextPlaceholder: "#667274",
    colorBgLayout: "#f4f5f2",
    borderRadius: 6,
    fontFamily,
    fontSize: 14,
    motionDurationMid: "0.12s",
    motionDurationSlow: "0.16s",
  },
  components: {
    Button: { primaryShadow: "none", defaultShadow: "none" },
    Table: {
      headerBg: "transparent",
      headerColor: "#5c696b",
      headerSplitColor: "transparent",
      borderColor: "#e7eae6",
      rowHoverBg: "#f3f7f5",
      rowExpandedBg: "#f8f9f6",
      cellPaddingBlock: 12,
      headerSortActiveBg: "transparent",
      headerSortHoverBg: "#eef1ee",
      bodySortBg: "transparent",
    },
  },
};

function Missing() {
  const { t } = useSpeech();
  return (
    <div className="page">
      <Notice tone="empty" title={t("app.not_found")} action={<Link to="/">{t("app.back_home")}</Link>}>
        <p>{t("app.not_found_hint")}</p>
      </Notice>
    </div>
  );
}

/** Every page of who is signed in. */
function Inside() {
  return (
    <Gate>
      <Frame>
        <Suspense fallback={<Loading />}>
          <Routes>
            <Route path="/" element={<WorkbenchPage />} />
            <Route path="/me" element={<MyPage />} />
            <Route path="/inbox/:tab?/:item?" element={<InboxPage />} />
            <Route path="/administration/:tab?/:item?" element={<AdministrationPage />} />
            <Route path="/loans" element={<LoansPage />} />
            <Route path="/loans/:loanId/:tab?" element={<LoanPage />} />
            <Route path="/warnings/:threadId?" element={<WarningsPage />} />
            <Route path="/checks/:checkId?" element={<ChecksPage />} />
            <Route path="/customers" element={<CustomersPage />} />
            <Route path="/customers/:partyId/:tab?" element={<CustomerPage />} />
            <Route path="/accounts" element={<AccountsPage />} />
            <Route path="/accounts/:account" element={<AccountPage />} />
            <Route path="/transactions/:transferId" element={<TransactionPage />} />
            <Route path="/disputes/:sheetId" element={<DisputePage />} />
            <Route path="/imports/:tab?/:item?" element={<ImportsPage />} />
            <Route path="/audit" element={<AuditPage />} />
            <Route path="/ledgers/:name?" element={<LedgersPage />} />
            <Route path="/lists" element={<ListsPage />} />
            <Route path="/nightly/:date?" element={<NightlyPage />} />
            <Route path="/portfolio" element={<PortfolioPage />} />
            <Route path="/rules/:code?" element={<RulesPage />} />
            <Route path="/signals" element={<SignalsPage />} />
            <Route path="/glossary" element={<GlossaryPage />} />
            <Route path="*" element={<Missing />} />
          </Routes>
        </Suspense>
      </Frame>
    </Gate>
  );
}

export function App() {
  const { language } = useSpeech();
  return (
    <ConfigProvider
      csp={{ nonce }}
      button={{ autoInsertSpace: false }}
      locale={language === "zh" ? zhCN : enGB}
      theme={THEME}
    >
      <QueryClientProvider client={queries}>
        <BrowserRouter>
          <Suspense fallback={<Loading />}>
            <Routes>
              <Route path={SIGN_IN} element={<SignInPage />} />
              <Route path="*" element={<Inside />} />
            </Routes>
          </Suspense>
        </BrowserRouter>
      </QueryClientProvider>
    </ConfigProvider>
  );
}
