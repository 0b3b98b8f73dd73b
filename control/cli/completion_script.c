/* SPDX-License-Identifier: BSD-3-Clause */
#include "completion_script.h"

#include "completion_relay.h"

#include <string.h>

void cli_completion_print(FILE *out, const struct cli_noun *nouns, const char *line)
{
    struct cli_candidates candidates;

    line += strspn(line, " \t");
    line += strcspn(line, " \t"); /* the program's name */
    cli_complete(nouns, line, 0, NULL, cli_lookup_relay, &candidates);
    if (candidates.files)
        fputs(":files\n", out);
    for (size_t i = 0; i < candidates.count; i++)
        fprintf(out, "%s\n", candidates.words[i]);
    cli_candidates_free(&candidates);
}

/*
 * The script knows no command: it hands the line up to the cursor to culvertctl. Where '=' does not break
 * words, bash replaces the whole of --name=value, so the part before the value is put in front again.
 */
void cli_completion_bash_print(FILE *out)
{
    fputs("# bash completion for culvertctl\n"
          "_culvertctl()\n"
          "{\n"
          "    local program=${COMP_WORDS[0]/#\\~\\//$HOME/} current=${COMP_WORDS[COMP_CWORD]}\n"
          "    local line=${COMP_LINE:0:COMP_POINT}\n"
          "    [ -n \"$line\" ] || line=\"${COMP_WORDS[*]:0:COMP_CWORD} $current\"\n"
          "    mapfile -t COMPREPLY < <(\"$program\" completion candidates -- \"$line\" 2>/dev/null)\n"
          "    if [ \"${COMPREPLY[0]-}\" = :files ]; then\n"
          "        compopt -o filenames 2>/dev/null\n"
          "        [[ $current == --*=* ]] || current=${current#=}\n"
          "        mapfile -t COMPREPLY < <(compgen -f -- \"${current#--*=}\")\n"
          "    fi\n"
          "    if [[ $current == --*=* ]]; then\n"
          "        COMPREPLY=(\"${COMPREPLY[@]/#/${current%%=*}=}\")\n"
          "    fi\n"
          "}\n"
          "complete -F _culvertctl culvertctl\n",
          out);
}
