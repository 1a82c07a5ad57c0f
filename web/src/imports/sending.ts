import { useNavigate } from "react-router";
import { useState } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { problemText } from "../ui/wording";
import { sizeText } from "./size";

type Import = Schemas["Import"];

export interface Sending {
  readonly name: string;
  readonly done: number;
  readonly total: number;
}

/** Puts one file; only this way does a browser tell how much has gone. */
function put(importId: string, name: string, file: File, onSent: (bytes: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/api/v1/imports/${importId}/files/${encodeURIComponent(name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onerror = () => reject(new Error());
    request.onload = () => {
      if (request.status < 300) resolve();
      else reject(JSON.parse(request.responseText || "{}"));
    };
    request.send(file);
  });
}

/** Files of one name (from two folders) must not replace each other. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  for (let number = 2; ; number += 1) {
    const tried = `${stem} (${number})${ending}`;
    if (!taken.has(tried)) return tried;
  }
}

interface Limits {
  readonly file_bytes_max: number;
  readonly files_max: number;
}

/** Uploads files into an import (a new one without `present`), has them read, and opens it. */
export function useSending(limits: Limits, present?: Import) {
  const { t, language } = useSpeech();
  const open = useNavigate();
  const begin = api.useMutation("post", "/api/v1/imports");
  const check = api.useMutation("post", "/api/v1/imports/{import_id}/check");
  const [sending, setSending] = useState<Sending | null>(null);
  const [problems, setProblems] = useState<readonly string[]>([]);

  const send = async (files: readonly File[]) => {
    const found: string[] = [];
    const fitting = files.filter((file) => {
      if (file.size <= limits.file_bytes_max) return true;
      found.push(t("imports.too_large", { name: file.name, size: sizeText(limits.file_bytes_max) }));
      return false;
    });
    const taken = new Set(present?.files.map((file) => file.name));
    if (taken.size + fitting.length > limits.files_max) {
      setProblems([t("imports.too_many", { count: limits.files_max })]);
      return;
    }
    setProblems(found);
    if (fitting.length === 0) return;
    const total = fitting.reduce((sum, file) => sum + file.size, 0);
    const why = (problem: unknown) => problemText(language, problem) || t("imports.unreachable");
    let before = 0;
    let current = fitting[0]?.name ?? "";
    try {
      setSending({ name: current, done: 0, total });
      const importId = present?.import_id ?? (await begin.mutateAsync({ body: {} })).import_id;
      let sent = 0;
      for (const file of fitting) {
        current = file.name;
        const name = freeName(file.name, taken);
        taken.add(name);
        try {
          await put(importId, name, file, (done) => setSending({ name, done: before + done, total }));
          sent += 1;
        } catch (problem) {
          found.push(t("imports.upload_failed", { name, problem: why(problem) }));
        }
        before += file.size;
      }
      setProblems([...found]);
      if (sent === 0) return;
      await check.mutateAsync({
        params: { path: { import_id: importId } },
        body: present?.options ?? { format: "", mapping: "", account: "" },
      });
      void open(`/imports/files/${importId}`);
    } catch (problem) {
      setProblems([...found, t("imports.upload_failed", { name: current, problem: why(problem) })]);
    } finally {
      setSending(null);
    }
  };
  return { send, sending, problems };
}
