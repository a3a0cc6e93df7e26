-- group min max text
-- engine: direct
-- ordered

SELECT status, min(city), max(city), min(note), max(note) FROM trips GROUP BY status ORDER BY status LIMIT 10

-- rows of all
-- ["done","Accra","Zürich","","日本"]
-- ["lost","Accra","Zürich","","日本"]
-- ["open","Accra","Zürich","","日本"]
-- ["void","Accra","Zürich","","日本"]
-- rows of newest
-- ["done","Accra","Zürich","","日本"]
-- ["lost","Accra","Zürich","","日本"]
-- ["open","Accra","Zürich","","日本"]
-- ["void","Accra","Zürich","","日本"]
