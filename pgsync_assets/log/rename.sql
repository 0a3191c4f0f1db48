-- A sync goes on under another name; one that is known under the new name already stays itself.
UPDATE :"log".syncs
SET sync = :'name', last_seen_at = now()
WHERE installation = :'installation'::uuid AND sync = :'sync'
    AND NOT EXISTS (
        SELECT FROM :"log".syncs AS other
        WHERE other.installation = :'installation'::uuid AND other.sync = :'name'
    );
