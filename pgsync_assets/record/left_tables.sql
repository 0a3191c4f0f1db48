-- Tables that a run wrote early and never showed: its process died, or gave the run up.
SELECT early.relname
FROM pg_catalog.pg_class AS early
WHERE early.relnamespace = pg_catalog.to_regnamespace(pg_catalog.quote_ident(:'audit'::text))
    AND early.relkind = 'r' AND early.relname ~ '^early_[0-9]+_[0-9]+$'
    AND NOT EXISTS (
        SELECT FROM :"planner".runs AS run
        WHERE early.relname ~ ('^early_' || run.id || '_')
            AND run.status IN ('started', 'planned', 'held')
    );
